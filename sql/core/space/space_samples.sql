-- What OSDR's sheets say of each sample: factors, parameters, characteristics.
select distinct
    study,
    sample,
    coalesce(nullif(regexp_extract(attribute, '^([^\[]+)\[', 1), ''), 'other') as kind,
    coalesce(nullif(regexp_extract(attribute, '\[([^\]]+)\]', 1), ''), attribute) as attribute,
    value
from raw.osdr_values
where sample is not null and study is not null
