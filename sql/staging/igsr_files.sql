-- Each file that an index, a tree or a listing names: a line of an alignment index names up to three.
-- An index of runs without files (Complete Genomics) names the run's folder. The Simons project's indexes name a sample
-- by its BioSample, which the portal's list of samples translates.
with
    named as (
        select
            list,
            igsr_url(coalesce(path, directory || '/')) as url,
            igsr_sample(sample_name) as sample,
            population,
            null::bigint as bytes,
            md5,
            run_id,
            platform,
            instrument,
            read_count,
            base_count,
            analysis_group,
            coalesce(withdrawn, false) as withdrawn
        from raw.igsr_sequences
        union all by name
        select
            list,
            unnest([igsr_url(path), igsr_url(index_path), igsr_url(statistics_path)]) as url,
            igsr_sample(sample_name) as sample,
            population,
            unnest([md5, index_md5, statistics_md5]) as md5,
            analysis_group,
            false as withdrawn
        from raw.igsr_files
        union all by name
        select list, igsr_url(path) as url, bytes, md5, false as withdrawn
        from raw.igsr_tree
        where kind = 'file'
    ),
    biosample as (
        select biosample, min(sample) as sample
        from raw.igsr_samples
        where biosample is not null
        group by biosample
        having count(distinct sample) = 1
    )
select
    n.list,
    n.url,
    coalesce(b.sample, n.sample, igsr_sample_of(n.url)) as sample,
    n.population,
    igsr_data_type(n.url) as data_type,
    igsr_format(n.url) as format,
    n.bytes,
    case when regexp_full_match(lower(n.md5), '[0-9a-f]{32}') then lower(n.md5) end as md5,
    n.run_id,
    n.platform,
    n.instrument,
    n.read_count,
    n.base_count,
    n.analysis_group,
    n.withdrawn
from named n
left join biosample b on b.biosample = n.sample
where n.url is not null
