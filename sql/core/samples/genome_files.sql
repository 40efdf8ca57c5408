-- One row a file that IGSR's indexes, trees or listings name. What its lists say differently is null, and counted.
select
    url,
    case when count(distinct sample) = 1 then min(sample) end as sample,
    count(distinct sample) as samples,
    min(data_type) as data_type,
    min(format) as format,
    case when count(distinct bytes) = 1 then min(bytes) end as bytes,
    case when count(distinct md5) = 1 then min(md5) end as md5,
    count(distinct md5) as md5s,
    list(distinct run_id order by run_id) filter (where run_id is not null) as runs,
    min(platform) as platform,
    min(instrument) as instrument,
    max(read_count) as read_count,
    max(base_count) as base_count,
    min(analysis_group) as analysis_group,
    bool_or(withdrawn) as withdrawn,
    list(distinct list order by list) as lists
from staging.igsr_files
group by url
