-- One row a spectrum, sorted by wavelength, without the points that have no value.
with
    points as (
        select
            *,
            list_sort(
                list_filter(
                    list_zip(
                        micrometre,
                        converted,
                        coalesce(converted_lower, list_transform(micrometre, x -> null::double)),
                        coalesce(converted_upper, list_transform(micrometre, x -> null::double))
                    ),
                    x -> isfinite(x[1]) and isfinite(x[2])
                )
            ) as sorted
        from raw.spectra
        qualify row_number() over (partition by spectrum order by _resource, _record) = 1
    )
select
    spectrum,
    planet,
    star,
    kind,
    instrument,
    reference,
    label,
    list_transform(sorted, x -> x[1]) as wavelength,
    list_transform(sorted, x -> x[2]) as value,
    if(converted_lower is null, null, list_transform(sorted, x -> if(isfinite(x[3]), x[3], null))) as lower,
    if(converted_upper is null, null, list_transform(sorted, x -> if(isfinite(x[4]), x[4], null))) as upper,
    converted_unit as value_unit,
    value_unit as given_value_unit,
    wavelength_unit as given_wavelength_unit,
    len(sorted) as points,
    len(micrometre) - len(sorted) as points_without_value,
    sorted[1][1] as shortest,
    sorted[-1][1] as longest
from points
where len(sorted) > 0
