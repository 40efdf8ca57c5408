-- Inside rocky planets of known mass and radius: gravity, density and pressure from the centre to the surface, in 50
-- steps. No archive has such profiles: they are made from the formulas that seeds.generators cites, where it says that
-- this one is running. Gravity g is that of the surface throughout the mantle, so that there the density is g / (2 pi
-- G r)
-- and the pressure g^2 / (2 pi G) ln(R / r); in the core it rises in proportion to r, and the density is constant.
with
    body as (
        select
            planet_run_key,
            radius * earth_radius_m() as outer_m,
            gravity_of(mass, radius) as g,
            core_mass_fraction(mass, radius) as core_mass_fraction
        from features.planet_params
        where density_computed is not null and mass between 1 and 8
    ),
    layered as (
        select *, sqrt(core_mass_fraction) * outer_m as core_m, 6.67430e-11::double as big_g
        from body
        where core_mass_fraction between 0.1 and 0.4
    ),
    point as (
        select l.*, s.step, s.step / 50.0::double * outer_m as r
        from layered l
        cross join (select unnest(range(0, 51)) as step) s
        where exists (from seeds.generators where generator = 'interior_profile' and running)
    )
select
    planet_run_key,
    step,
    r / 1000 as radius,
    core_mass_fraction,
    r <= core_m as in_core,
    case when r <= core_m then g * r / core_m else g end as gravity,
    case when r <= core_m then 3 * g / (4 * pi() * big_g * core_m) else g / (2 * pi() * big_g * r) end as density,
    case
        when r <= core_m
        then
            g * g / (2 * pi() * big_g) * ln(outer_m / core_m)
            + 3 * g * g / (8 * pi() * big_g) * (1 - pow(r / core_m, 2))
        else g * g / (2 * pi() * big_g) * ln(outer_m / r)
    end as pressure,
    true as synthetic
from point
