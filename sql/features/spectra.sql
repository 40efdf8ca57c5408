-- One spectrum a planet-run: of transmission before others, with the most points. core.spectra has them all.
select r.planet_run_key, s.spectrum, s.kind, s.wavelength::float[] as wavelength, s.value::float[] as value
from core.spectra s
join core.planet_runs r on r.planet = s.planet and r.kind = 'observed'
where s.value_unit in ('1', 'W/m^2/um')
qualify
    row_number() over (partition by r.planet_run_key order by s.kind = 'transmission' desc, s.points desc, s.spectrum)
    = 1
