-- Sunlight at the planets of the Sun since it was born, in steps of 0.1 billion years. Nobody has measured it: it is
-- made
-- from the formula that seeds.generators cites, where it says that this one is running. The orbits are those of today.
select
    r.planet_run_key,
    a.step / 10.0::double as age_of_sun,
    solar_luminosity_at(a.step / 10.0::double) as luminosity,
    solar_irradiance() * solar_luminosity_at(a.step / 10.0::double) / pow(p.semi_major_axis, 2) as insolation,
    true as synthetic
from seeds.solar_system p
join core.planet_runs r on r.planet = p.planet and r.kind = 'observed'
cross join (select unnest(range(0, 48)) as step) a
where exists (from seeds.generators where generator = 'ancient_insolation' and running)
