/** What the next screens need is made ready while nobody waits for it, so that opening one shows it at once. */
import { useQuery } from "@tanstack/react-query";
import { type ComponentType, lazy, useEffect, useState } from "react";
import { FIRST_PAGE, useQueries } from "./queries";

/** After so many milliseconds the first screen has been drawn. */
const DRAWN = 500;

const loaders: (() => Promise<unknown>)[] = [];

/**
 * A screen with code of its own. It is loaded when it is first shown, or ahead of that.
 *
 * `lazy` alone would show its fallback even for code that is there already, and React keeps a fallback for 300 ms.
 */
export function screen<P extends object>(
  load: () => Promise<{ default: ComponentType<P> }>,
): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  const loading = async () => {
    const module = await load();
    loaded = module.default;
    return module;
  };
  loaders.push(loading);
  const Later = lazy(loading);
  return function Screen(props: P) {
    // One for as long as the screen stands: another component would lose its state.
    const [Component] = useState<ComponentType<P>>(() => loaded ?? Later);
    return <Component {...props} />;
  };
}

/** Whether the first screen is there. Then the others are loaded. */
export function useAhead(): boolean {
  const [drawn, setDrawn] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDrawn(true), DRAWN);
    return () => clearTimeout(timer);
  }, []);
  useEffect(() => {
    // A screen that cannot be loaded says so when it is opened.
    if (drawn) void Promise.allSettled(loaders.map((load) => load()));
  }, [drawn]);
  return drawn;
}

/** Keeps the newest deployments of a project at hand. */
export function NewestDeployments({ project }: { project: string }) {
  useQuery(useQueries().history(project, FIRST_PAGE));
  return null;
}
