-- What each catalogue says of each planet, in one unit a quantity; as it was given stands beside it.
with
    given as (
        select catalogue, entry, origin, quantity, unit, value, upper, lower, limit_flag, lower_limit, kind
        from staging.exoplanets_values
        union all
        select catalogue, entry, origin, quantity, unit, value, upper, lower, limit_flag, lower_limit, kind
        from staging.exoplanet_eu_values
        union all
        select catalogue, entry, origin, quantity, unit, value, upper, lower, limit_flag, lower_limit, kind
        from staging.open_exoplanets_values
    )
select
    e.planet,
    g.catalogue,
    g.quantity,
    in_planet_unit(g.quantity, g.value, g.unit) as value,
    in_planet_unit(g.quantity, g.upper, g.unit) as upper,
    in_planet_unit(g.quantity, g.lower, g.unit) as lower,
    g.limit_flag,
    in_planet_unit(g.quantity, g.lower_limit, g.unit) as lower_limit,
    planet_unit(g.quantity) as unit,
    g.kind,
    g.value as given_value,
    g.unit as given_unit,
    g.entry,
    g.origin
from given g
join core.planet_entries e on e.catalogue = g.catalogue and e.entry = g.entry
