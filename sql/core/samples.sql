-- One row a sample that any list of the 1000 Genomes names: IGSR's table is believed before the pedigree, the pedigree
-- before the panel, the panel before the indexes; where two differ, `disagreement` says on what.
with
    ranked as (
        select *, case list when 'samples' then 1 when 'pedigree' then 2 when 'panel' then 3 else 4 end as place
        from staging.igsr_samples
    ),
    runs as (
        select
            sample_name(sample) as sample,
            list(distinct platform order by platform) as platforms,
            count(*) as runs,
            sum(bases)::bigint as bases
        from raw.igsr_runs
        where sample is not null
        group by all
    ),
    files as (select sample, count(*) as files from core.genome_files where sample is not null group by sample)
select
    s.sample,
    first(s.population order by s.place) filter (where s.population is not null) as population,
    first(s.superpopulation order by s.place) filter (where s.superpopulation is not null) as superpopulation,
    first(s.family order by s.place) filter (where s.family is not null) as family,
    first(s.father order by s.place) filter (where s.father is not null) as father,
    first(s.mother order by s.place) filter (where s.mother is not null) as mother,
    first(s.sex order by s.place) filter (where s.sex is not null) as sex,
    coalesce(min(r.platforms), []) as platforms,
    coalesce(min(r.runs), 0) as runs,
    min(r.bases) as bases,
    coalesce(min(f.files), 0) as files,
    list(s.list order by s.place) as lists,
    case
        when count(distinct s.sex) > 1 or max(s.sexes) > 1
        then 'sex'
        when count(distinct s.population) > 1
        then 'population'
        when count(distinct s.superpopulation) > 1
        then 'superpopulation'
    end as disagreement
from ranked s
left join runs r on r.sample = s.sample
left join files f on f.sample = s.sample
group by s.sample
