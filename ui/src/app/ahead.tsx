/** What the next screens need is made ready while nobody waits for it, so that opening one shows it at once. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ComponentType, lazy, memo, type NamedExoticComponent, useEffect, useState } from "react";
import { FIRST_PAGE, useQueries } from "./queries";

/** After so many milliseconds the first screen has been drawn. */
const DRAWN = 500;

const loaders: (() => Promise<unknown>)[] = [];

/**
 * A screen with code of its own. It is loaded when it is first shown, or ahead of that.
 *
 * `lazy` alone would show its fallback even for code that is there already, and React keeps a fallback for 300 ms. What is
 * around a screen changes with each step of the person; the screen itself only with what it is given.
 */
export function screen<P extends object>(
  load: () => Promise<{ default: ComponentType<P> }>,
): NamedExoticComponent<P> {
  let loaded: ComponentType<P> | undefined;
  const loading = async () => {
    const module = await load();
    loaded = module.default;
    return module;
  };
  loaders.push(loading);
  const Later = lazy(loading);
  return memo(function Screen(props: P) {
    // One for as long as the screen stands: another component would lose its state.
    const [Component] = useState<ComponentType<P>>(() => loaded ?? Later);
    return <Component {...props} />;
  });
}

/** Loads the other screens once the first one is there. Says whether all of them are loaded. */
export function useAhead(): boolean {
  const [loaded, setLoaded] = useState(false);
  useEffect(() => {
    let here = true;
    const timer = setTimeout(async () => {
      const answers = await Promise.allSettled(loaders.map((load) => load()));
      // A screen that cannot be loaded says so when it is opened.
      if (here) setLoaded(answers.every(({ status }) => status === "fulfilled"));
    }, DRAWN);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, []);
  return loaded;
}

/** Keeps the newest deployments of a project at hand before anybody wants them. */
export function AtHand({ project }: { project: string }) {
  const ask = useQueries();
  useQuery(ask.history(project, FIRST_PAGE));
  return null;
}

/** Asks for a project's variables while it is being opened: they may be many, and are wanted next. */
export function useVariablesAhead(project: string) {
  const ask = useQueries();
  const client = useQueryClient();
  useEffect(() => void client.prefetchQuery(ask.matrix(project)), [client, ask, project]);
}
