-- One row a file of the 1000 Genomes that a list names: of runs, alignments with their indexes and statistics,
-- listings.
with
    named as (
        select file as path, md5, sample, analysis_group as data_type, run, 'runs' as list, _resource, _record
        from raw.igsr_runs
        where file is not null
        union all
        select paired_file, null, sample, analysis_group, run, 'runs', _resource, _record
        from raw.igsr_runs
        where paired_file is not null
        union all
        select
            unnest([file, index_file, statistics_file]),
            unnest([md5, index_md5, statistics_md5]),
            null,
            'alignment',
            null,
            'alignments',
            _resource,
            _record
        from raw.igsr_alignments
    ),
    plain as (
        select
            regexp_replace(path, '^[a-z]+:/+', '') as path,
            md5,
            coalesce(sample_name(sample), nullif(regexp_extract(path, '(?:HG|NA|GM)[0-9]{5}'), '')) as sample,
            data_type,
            run,
            list,
            _resource,
            _record
        from named
        where path is not null
    ),
    listed as (
        select
            'ftp.1000genomes.ebi.ac.uk/vol1/' || if(path like 'ftp/%', path, 'ftp/' || path) as path,
            max(bytes) as bytes,
            max(md5) as md5
        from raw.igsr_files
        where kind = 'file'
        group by all
    ),
    once as (
        select
            path,
            first(sample order by list desc, _resource, _record) filter (where sample is not null) as sample,
            first(data_type order by list desc, _resource, _record) filter (where data_type is not null) as data_type,
            first(run order by _resource, _record) filter (where run is not null) as run,
            first(md5 order by _resource, _record) filter (where md5 is not null) as md5,
            count(distinct md5) as md5s,
            count(distinct _resource) as lists
        from plain
        group by path
    )
select
    coalesce(o.path, l.path) as path,
    coalesce(o.sample, nullif(regexp_extract(l.path, '(?:HG|NA|GM)[0-9]{5}'), '')) as sample,
    coalesce(o.data_type, 'listed') as data_type,
    nullif(
        regexp_extract(coalesce(o.path, l.path), '\.(cram|crai|bam|bai|bas|fastq|vcf|tbi|txt|index|md5)(?:\.gz)?$', 1),
        ''
    ) as format,
    o.run,
    l.bytes,
    coalesce(o.md5, l.md5) as md5,
    coalesce(o.md5s > 1, false) or coalesce(o.md5 <> l.md5, false) as md5_differs,
    coalesce(o.lists, 0) as lists
from once o
full join listed l on l.path = o.path
