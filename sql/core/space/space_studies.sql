-- One row a study of NASA's OSDR, with how many of its samples a sheet names.
with
    samples as (
        select replace(study, 'GLDS-', 'OSD-') as study, count(distinct sample) as samples
        from raw.osdr_values
        group by all
    )
select
    s.study,
    s.released_year,
    s.platform,
    s.technology,
    s.measurement,
    list_filter(string_split(coalesce(s.organism, ''), ';'), x -> x <> '') as organisms,
    list_filter(string_split(coalesce(s.factors, ''), ';'), x -> x <> '') as factors,
    coalesce(n.samples, 0) as samples
from raw.osdr_studies s
left join samples n on n.study = s.study
qualify row_number() over (partition by s.study order by s._resource, s._record) = 1
