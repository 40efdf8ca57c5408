"""Small answers that are arrays: spectra as FITS, ECSV and text; NetCDF in each of its forms."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

NETCDF = ("NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA", "NETCDF4")
SPECTRUM = {"kind": "model", "star": "A star"}
FLUXES = {**SPECTRUM, "value_unit": "erg/s/cm2/cm"}
COLUMNS = {
    "kind": "transmission",
    "planet": "A b",
    "columns": {"wavelength": "wavelength", "value": "depth", "lower": "error_low", "upper": "error_up"},
    "wavelength_unit": "um",
    "value_unit": "1",
}
REDUCTION = "wavelength,bin_width,depth,error_low,error_up\n1.0,0.1,0.02,1e-4,2e-4\n2.0,0.1,nan,1e-4,2e-4\n"
RUN = {"planet": "P", "model": "M", "scenario": "S", "run": "r1", "conditions": {"radius": 6371.0}}
RUN |= {"gases": {"N2": 0.79}, "variables": {"surface_temperature": "ts"}}
TEXT = "# a model\n# wavelength [um]  flux [W/m2/um]  error [W/m2/um]\n1.0 2.5 0.1\n1.5 nan 0.2\n2.0 3.5 0.3\n"
ECSV = (
    "# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n# - {name: wavelength, unit: um, datatype: float64}\n"
    "# - {name: flux, unit: W / (m2 um), datatype: float64}\n# meta: !!omap\n# - {note: a model}\n"
    "# schema: astropy-2.0\nwavelength,flux\n1.0,2.5\n1.5,\n2.0,3.5\n"
)
SETTINGS = "<OBJECT>Planet\n<OBJECT-NAME>P\n<ATMOSPHERE-LAYER-1>1.0,2.0\n<SURFACE-GAS-RATIO>\n"


def fits_table() -> bytes:
    """A spectrum a row: arrays of a fixed and of any length, an integer with a null."""
    import numpy as np
    from astropy.io import fits

    wave, flux = np.array([4000.0, 5000.0, 6000.0]), np.array([1.0, 2.0, 3.0])
    columns = (
        fits.Column("WAVELENGTH", "PD()", unit="Angstrom", array=np.array([wave, wave + 1], object)),
        fits.Column("FLUX", "3D", unit="erg/s/cm2/AA", array=[flux, flux]),
        fits.Column("ORDER", "J", null=-99, array=[1, -99]),
    )
    return _stored(fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns))


def fits_image() -> bytes:
    """Values along an axis of world coordinates."""
    import numpy as np
    from astropy.io import fits

    image = fits.PrimaryHDU(np.array([1.0, 2.0, 3.0], ">f4"))
    axis = {"CRVAL1": 5000.0, "CDELT1": 1.5, "CRPIX1": 1.0, "CTYPE1": "WAVE", "CUNIT1": "Angstrom"}
    image.header.update({**axis, "BUNIT": "erg/s/cm2/Angstrom"})
    return _stored(image)


def _stored(*hdus) -> bytes:
    from astropy.io import fits

    file = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(file)
    return file.getvalue()


def netcdf(format: str) -> bytes:
    """A grid with time, a packed variable with a valid range, cell bounds; in NetCDF-4 also texts."""
    import netCDF4
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.nc"
        with netCDF4.Dataset(path, "w", format=format) as file:
            for name, length in (("time", None), ("lat", 3), ("lon", 4), ("two", 2)):
                file.createDimension(name, length)
            axes = (
                ("time", [0.0, 1.0], "days since 2000-01-01"),
                ("lat", [-60.0, 0, 60], "degrees_north"),
                ("lon", [0.0, 90, 180, 270], "degrees_east"),
            )
            for name, values, unit in axes:
                file.createVariable(name, "f8", (name,))[:] = values
                file[name].units = unit
            file["lat"].bounds = "lat_bnds"
            file.createVariable("lat_bnds", "f8", ("lat", "two"))[:] = [[-90, -30], [-30, 30], [30, 90]]
            file.createVariable("ts", "f4", ("lat", "lon"))[:] = 280
            file["ts"].setncatts({"units": "K", "standard_name": "surface_temperature"})
            rain = file.createVariable("pr", "i2", ("time", "lat", "lon"), zlib=format == "NETCDF4", fill_value=-1)
            rain[:] = 3
            rain.setncatts({"scale_factor": 0.5, "valid_range": np.array([0, 9], "i2"), "units": "mm/day"})
            if format == "NETCDF4":
                file.createVariable("names", str, ("lat",))[:] = np.array(["a", "b", "c"], object)
        return path.read_bytes()
