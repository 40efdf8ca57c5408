-- One row a sample and list that names it: of IGSR's table, the panel, the pedigree, and the indexes of runs.
with
    listed as (
        select
            list,
            sample,
            case
                lower(sex)
                when '1'
                then 'male'
                when 'male'
                then 'male'
                when '2'
                then 'female'
                when 'female'
                then 'female'
            end as sex,
            biosample,
            population,
            superpopulation,
            nullif(family, '0') as family,
            nullif(father, '0') as father,
            nullif(mother, '0') as mother,
            _resource,
            _record
        from raw.igsr_samples
        union all
        select 'runs', sample_name(sample), null, null, population, null, null, null, null, _resource, _record
        from raw.igsr_runs
        where sample is not null
    ),
    -- a study may name a sample by its BioSample
    names as (select biosample, min(sample) as sample from listed where biosample is not null group by biosample)
select
    l.list,
    coalesce(n.sample, l.sample) as sample,
    min(l.sex) as sex,
    count(distinct l.sex) as sexes,
    min(l.biosample) as biosample,
    min(l.population) as population,
    min(l.superpopulation) as superpopulation,
    min(l.family) as family,
    min(l.father) as father,
    min(l.mother) as mother
from listed l
left join names n on n.biosample = l.sample
group by l.list, coalesce(n.sample, l.sample)
