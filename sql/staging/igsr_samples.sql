-- Each row of each list of samples, in one spelling: the portal's, panels, pedigrees.
select
    list,
    igsr_sample(sample) as sample,
    biosample,
    igsr_sex(sex) as sex,
    family,
    father,
    mother,
    population,
    population_name,
    superpopulation,
    superpopulation_name,
    string_split(collections, ',') as collections,
    platforms
from raw.igsr_samples
