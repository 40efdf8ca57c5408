select station_day_key(station, day) as station_day_key, station, day, split_of(station) as split from staging.readings
