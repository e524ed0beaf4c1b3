import { useState } from "react";
import { useFollowed } from "../../app/followed";
import { type Failure, type UsageView, useBackend } from "../../backend";

/** What the containers of a service use together. */
export interface Used {
  /** Of one processor, in percent. */
  cpu: number;
  /** In bytes. */
  memory: number;
}

function sum(view: UsageView): ReadonlyMap<string, Used> {
  const used = new Map<string, Used>();
  for (const { service, cpu_percent: cpu, memory } of view.containers) {
    const before = used.get(service) ?? { cpu: 0, memory: 0 };
    used.set(service, { cpu: before.cpu + (cpu ?? 0), memory: before.memory + (memory ?? 0) });
  }
  return used;
}

/** What the services use now, measured for as long as the page is there. */
export function useUsage(
  project: string,
  environment: string,
): { used: ReadonlyMap<string, Used>; problem: Failure | undefined } {
  const backend = useBackend();
  const [used, setUsed] = useState<ReadonlyMap<string, Used>>(new Map());
  const { problem } = useFollowed<UsageView>(
    `${project} ${environment}`,
    (listener) => backend.followUsage(project, environment, listener),
    (reports) => {
      const newest = reports.at(-1);
      if (newest) setUsed(sum(newest));
    },
    () => setUsed(new Map()),
  );
  return { used, problem };
}
