import { useEffect, useState } from "react";

/** The time, in milliseconds, that ticks by itself. `null` stands still. */
export function useNow(every: number | null = 30_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (every === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
