select
    d.station_day_key,
    day_length(s.latitude, d.day) as daylight,
    sin(2 * pi() * dayofyear(d.day) / 365.25) as year_sine,
    cos(2 * pi() * dayofyear(d.day) / 365.25) as year_cosine
from core.station_days d
join seeds.stations s using (station)
