-- The Open Exoplanet Catalogue, one row a planet and quantity, in its own units. Of a planet whose system was read, the
-- system's values stand here, with those of its star; of others the table's, which has no uncertainties, no limits, and
-- does not tell m sin(i) from a mass. A value that is only a limit is told by its flag; of a range, by its upper end
-- and
-- lower_limit. Of
-- an element that stands twice in an object, the first counts.
with
    in_systems as (
        select name as entry, system, host
        from raw.open_exoplanets_objects
        where kind = 'planet' and name is not null
        group by name, system, host
    ),
    said as (
        select
            p.entry,
            v.kind as whose,
            v._record as record,
            v.quantity as tag,
            v.type,
            v.unit,
            v.value,
            v.error_plus,
            v.error_minus,
            v.upper_limit,
            v.lower_limit
        from in_systems p
        join
            raw.open_exoplanets_values v
            on v.system = p.system
            and ((v.kind = 'planet' and v.of = p.entry) or (v.kind = 'star' and v.of = p.host) or v.kind = 'system')
    ),
    named as (
        select
            *,
            case
                when whose = 'planet' and tag = 'mass' and type = 'msini'
                then 'minimum_mass'
                when whose = 'planet' and tag in ('mass', 'radius', 'eccentricity', 'inclination')
                then tag
                when whose = 'planet' and tag = 'period'
                then 'orbital_period'
                when whose = 'planet' and tag = 'semimajoraxis'
                then 'semi_major_axis'
                when whose = 'planet' and tag = 'temperature'
                then 'equilibrium_temperature'
                when whose = 'star' and tag in ('mass', 'radius', 'temperature', 'metallicity', 'age')
                then 'star_' || tag
                when whose = 'system' and tag = 'distance'
                then 'distance'
            end as quantity,
            coalesce(value, upper_limit, lower_limit) as number,
            case
                when value is not null then 0 when upper_limit is not null then 1 when lower_limit is not null then -1
            end as flag
        from said
    ),
    system_value as (
        select
            entry,
            'raw.open_exoplanets_values' as origin,
            record,
            reading(
                quantity,
                unit,
                number,
                error_plus,
                error_minus,
                flag,
                case quantity when 'equilibrium_temperature' then 'surface or equilibrium' end
            ) as said,
            case when flag = 1 then lower_limit end as lower_limit
        from named
        where quantity is not null
    ),
    table_value as (
        select
            name as entry,
            'raw.open_exoplanets_planets' as origin,
            unnest(
                [
                    reading('orbital_period', 'day', period, null, null, null, null),
                    reading('semi_major_axis', 'au', semimajoraxis, null, null, null, null),
                    reading('radius', 'jupiter_radius', radius, null, null, null, null),
                    reading('mass', 'jupiter_mass', mass, null, null, null, 'mass or m sin(i)'),
                    reading('eccentricity', '1', eccentricity, null, null, null, null),
                    reading('inclination', 'degree', inclination, null, null, null, null),
                    reading('equilibrium_temperature', 'K', temperature, null, null, null, 'surface or equilibrium'),
                    reading('star_temperature', 'K', star_temperature, null, null, null, null),
                    reading('star_radius', 'solar_radius', star_radius, null, null, null, null),
                    reading('star_mass', 'solar_mass', star_mass, null, null, null, null),
                    reading('star_metallicity', 'dex', star_metallicity, null, null, null, null),
                    reading('star_age', 'Gyr', star_age, null, null, null, null),
                    reading('distance', 'parsec', distance, null, null, null, null)
                ]
            ) as said
        from raw.open_exoplanets_planets
        where name not in (select entry from in_systems)
    ),
    long as (
        select entry, origin, record, said, lower_limit
        from system_value
        union all
        select entry, origin, 0, said, null
        from table_value
    )
select
    'open_exoplanets' as catalogue,
    entry,
    origin,
    said.quantity as quantity,
    said.unit as unit,
    said.value as value,
    said.upper as upper,
    said.lower as lower,
    said.limit_flag as limit_flag,
    lower_limit,
    said.kind as kind
from long
where said.value is not null
qualify row_number() over (partition by entry, said.quantity order by record) = 1
