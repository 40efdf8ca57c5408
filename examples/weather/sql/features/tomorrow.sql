select today.station_day_key, w.temperature
from core.station_days today
join core.weather w on w.station_day_key = station_day_key(today.station, today.day + 1)
