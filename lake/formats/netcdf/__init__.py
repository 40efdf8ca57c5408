"""CF NetCDF: classic files and HDF5, opened without decoding, with the areas of their cells."""

CLASSIC = (b"CDF\x01", b"CDF\x02", b"CDF\x05")  # how a classic, 64-bit offset or CDF-5 file begins
HDF5 = b"\x89HDF\r\n\x1a\n"
