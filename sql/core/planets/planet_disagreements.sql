-- Where two catalogues measure the same quantity of a planet and do not give the same number: both values, nothing
-- averaged.
-- They differ by more than their uncertainties where the one's towards the other and the other's towards it, added, are
-- less than the difference; NULL where a catalogue gives none on that side. Limits are no measurements and stand aside.
with
    pair as (
        select
            a.planet,
            a.quantity,
            a.unit,
            a.catalogue as catalogue_a,
            b.catalogue as catalogue_b,
            a.value as value_a,
            b.value as value_b,
            a.kind as kind_a,
            b.kind as kind_b,
            case when a.value < b.value then a.upper - b.lower else b.upper - a.lower end as uncertainty
        from core.planet_values a
        join core.planet_values b on b.planet = a.planet and b.quantity = a.quantity and b.catalogue > a.catalogue
        where a.limit_flag = 0 and b.limit_flag = 0 and a.value <> b.value
    )
select
    planet,
    quantity,
    catalogue_a,
    catalogue_b,
    value_a,
    value_b,
    unit,
    case when unit <> 'dex' then value_a / nullif(value_b, 0) end as ratio,
    value_a - value_b as difference,
    uncertainty,
    abs(value_a - value_b) > uncertainty as beyond,
    kind_a,
    kind_b
from pair
