-- What was set in each climate run, as its description says it. A run of several files has one description; where the
-- files themselves give a title or a citation, those of the first by name are taken.
select
    planet_run_key(planet, kind, model, scenario, run) as planet_run_key,
    planet,
    kind,
    model,
    scenario,
    run,
    count(distinct file) as files,
    first(title order by file) as title,
    first(citation order by file) as citation,
    min(licence) as licence,
    min(described_in) as described_in,
    min(model_version) as model_version,
    min(star) as star,
    min(star_temperature) as star_temperature,
    min(insolation) as insolation,
    min(rotation_period) as rotation_period,
    min(orbital_period) as orbital_period,
    min(eccentricity) as eccentricity,
    min(obliquity) as obliquity,
    min(radius) as radius,
    min(gravity) as gravity,
    min(surface_pressure) as surface_pressure,
    min(ocean) as ocean,
    min(land) as land,
    min(layers) as layers,
    min(grid) as grid,
    min(years) as years
from raw.gcm_runs
group by planet, kind, model, scenario, run
