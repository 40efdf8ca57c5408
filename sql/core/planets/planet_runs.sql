-- Observed planets and simulated climates under one key. The split is a function of the host star alone, so that
-- planets of one star never part; a simulation follows the star of its planet.
with
    run as (
        select
            planet,
            'observed' as kind,
            catalogue as model,
            'default' as scenario,
            '' as run,
            false as synthetic,
            cast(null as varchar) as cube
        from core.planets
        union all
        select
            planet,
            kind,
            coalesce(model, ''),
            coalesce(scenario, ''),
            coalesce(run, ''),
            coalesce(synthetic, false),
            min(digest)
        from raw.cubes
        group by all
    ),
    named as (
        select r.*, coalesce(p.star, star_of(r.planet)) as star
        from run r
        left join core.planets p on p.planet = r.planet
    )
select
    planet_run_key(planet, kind, model, scenario, run) as planet_run_key,
    planet,
    kind,
    model,
    scenario,
    run,
    star,
    split_of(star) as split,
    synthetic,
    cube
from named
