select d.station_day_key, (r.low + r.high) / 2 as temperature, r.high - r.low as swing, r.rain, r.wind
from core.station_days d
join staging.readings r using (station, day)
