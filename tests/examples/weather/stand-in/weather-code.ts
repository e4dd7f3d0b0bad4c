/** The conditions that determine a WMO code. Temperature in °C, precipitation in mm/h, cloud 0..1, wind in km/h. */
export interface Sky {
  readonly temperature: number;
  readonly precipitation: number;
  readonly cloud: number;
  readonly humidity: number;
  readonly windSpeed: number;
  /** 0..1: how showery the precipitation is. */
  readonly convection: number;
  /** 0..1: strength of a warm layer above frozen ground, which turns snow into freezing rain. */
  readonly warmNose: number;
}

/** At or below this temperature (°C), precipitation is snow or freezes on the ground. */
const SNOW_LINE = 0.5;

/** Returns a WMO 4677 code as Open-Meteo does (https://open-meteo.com/en/docs, "WMO Weather interpretation codes"). */
export function weatherCode(sky: Sky): number {
  if (sky.precipitation <= 0) return dry(sky);
  if (sky.temperature <= SNOW_LINE) return frozen(sky);
  return rain(sky);
}

function dry(sky: Sky): number {
  if (sky.humidity >= 72 && sky.windSpeed < 7 && sky.cloud > 0.5) return sky.temperature < 0 ? 48 : 45;
  if (sky.cloud < 0.25) return 0;
  if (sky.cloud < 0.45) return 1;
  return sky.cloud < 0.7 ? 2 : 3;
}

function frozen(sky: Sky): number {
  const mm = sky.precipitation;
  if (sky.temperature < -12 && mm <= 0.1) return 77;
  if (sky.warmNose > 0.78 && sky.temperature > -4) {
    if (mm < 0.5) return mm < 0.3 ? 56 : 57;
    return mm < 2.5 ? 66 : 67;
  }
  if (sky.convection > 0.65) return mm < 1 ? 85 : 86;
  if (mm < 0.5) return 71;
  return mm < 1.5 ? 73 : 75;
}

function rain(sky: Sky): number {
  const mm = sky.precipitation;
  if (sky.temperature > 17 && sky.convection > 0.6 && mm >= 2) {
    if (mm < 4) return 95;
    return mm < 6 ? 96 : 99;
  }
  if (sky.convection > 0.65) {
    if (mm < 1) return 80;
    return mm < 4 ? 81 : 82;
  }
  if (mm < 0.5) {
    if (mm < 0.2) return 51;
    return mm < 0.4 ? 53 : 55;
  }
  if (mm < 1.5) return 61;
  return mm < 4 ? 63 : 65;
}
