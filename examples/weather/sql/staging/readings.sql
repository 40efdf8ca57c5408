select station, day, kelvin(low) as low, kelvin(high) as high, rain / 1000 as rain, wind from seeds.observations
