import type { ReactNode } from 'react';

/** An icon for a WMO weather interpretation code. It repeats the text next to it, so screen readers skip it. */
export function WeatherIcon(props: { code: number | null; isDay?: boolean | null; className: string }) {
  const { code, isDay = true, className } = props;
  return (
    <svg viewBox="0 0 48 48" aria-hidden="true" className={`weather-icon ${className}`}>
      {drawingOf(code, isDay ?? true)}
    </svg>
  );
}

function drawingOf(code: number | null, isDay: boolean): ReactNode {
  const light = isDay ? <Sun /> : <Moon />;
  if (code === null) return <Cloud />;
  if (code === 0) return <g transform="translate(6 6)">{light}</g>;
  if (code <= 2) return [<g key="light">{light}</g>, <Cloud key="cloud" />];
  if (code === 3) return <Cloud />;
  if (code <= 48) return [<Cloud key="cloud" />, <path key="fog" className="line" d="M10 39h28M14 44h20" />];
  if (code <= 67 || (code >= 80 && code <= 82)) {
    return [
      <Cloud key="cloud" />,
      <path key="rain" className="rain" d="M17 38l-3 6M25 38l-3 6M33 38l-3 6" />,
    ];
  }
  if (code <= 77 || code === 85 || code === 86) {
    return [<Cloud key="cloud" />, <path key="snow" className="snow" d="M16 41h.1M24 44h.1M32 41h.1" />];
  }
  return [<Cloud key="cloud" />, <path key="bolt" className="bolt" d="M26 33l-6 8h6l-3 6" />];
}

function Sun() {
  return (
    <g className="sun">
      <circle cx="18" cy="18" r="7" />
      <path d="M18 4v4M18 28v4M4 18h4M28 18h4M8 8l3 3M25 25l3 3M28 8l-3 3M11 25l-3 3" />
    </g>
  );
}

function Moon() {
  return <path className="moon" d="M24 25A10 10 0 0 1 13 9a10 10 0 1 0 11 16z" />;
}

function Cloud() {
  return <path className="cloud" d="M14 34a7 7 0 0 1 0-14 10 10 0 0 1 19-1 7.6 7.6 0 0 1 1 15z" />;
}
