/** What the screens ask the core, and what is asked again after something was changed. */
import { QueryClient, queryOptions, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import {
  type Backend,
  type DocumentView,
  failure,
  type HistoryFilter,
  type Matrix,
  type RestoreScope,
  type Secrets,
  useBackend,
  type VersionsFilter,
} from "../backend";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** How often the state of the environments is looked at while the page is visible. */
const STATUS_INTERVAL = 10 * SECOND;
const PENDING_INTERVAL = 20 * SECOND;

/** The same for the services of the one environment that is looked at. */
const SERVICES_INTERVAL = 4 * SECOND;

/** The same for a file that is open in an editor. */
const DOCUMENT_INTERVAL = 4 * SECOND;

/** So many of the newest entries of the audit are shown. */
const AUDITED = 200;

/** How soon what could not be read is looked at again. */
const MENDED_INTERVAL = 3 * SECOND;

/** How many deployments are read at once. */
export const HISTORY_PAGE = 100;

/** So many releases are offered to go back to; History has the others. */
const RELEASES = 50;

/** The newest deployments of every environment. */
export const FIRST_PAGE: HistoryFilter = {
  environment: null,
  result: null,
  text: null,
  offset: 0,
  limit: HISTORY_PAGE,
};

export function queryClient(): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        // The core is on this machine: what failed has a reason that the next second does not change.
        retry: false,
        networkMode: "always",
        staleTime: 5 * SECOND,
        // A person mends a file in an editor: what failed for it is well again without being asked for.
        refetchInterval: ({ state }) => (state.status === "error" ? MENDED_INTERVAL : false),
        gcTime: 5 * MINUTE,
      },
    },
  });
  // What was edited and not saved waits for the person, however long that is.
  client.setQueryDefaults(["draft"], { gcTime: Number.POSITIVE_INFINITY });
  return client;
}

/** Turns everything that was thrown into the core's own error. */
async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (thrown) {
    throw failure(thrown);
  }
}

function queries(backend: Backend) {
  const history = (project: string, filter: HistoryFilter) =>
    queryOptions({
      queryKey: ["history", project, filter],
      queryFn: () => told(backend.history(project, filter)),
      gcTime: MINUTE,
    });
  return {
    machine: () => queryOptions({ queryKey: ["machine"], queryFn: () => told(backend.machine()) }),
    projects: () => queryOptions({ queryKey: ["projects"], queryFn: () => told(backend.projects()) }),
    running: () => queryOptions({ queryKey: ["running"], queryFn: () => told(backend.running()) }),
    project: (path: string) =>
      queryOptions({
        queryKey: ["project", path],
        queryFn: () => told(backend.openProject(path)),
        staleTime: MINUTE,
      }),
    status: (project: string) =>
      queryOptions({
        queryKey: ["status", project],
        queryFn: () => told(backend.status(project)),
        refetchInterval: STATUS_INTERVAL,
      }),
    trust: (project: string) =>
      queryOptions({ queryKey: ["trust", project], queryFn: () => told(backend.trust(project)) }),
    pending: (project: string, environment: string) =>
      queryOptions({
        queryKey: ["pending", project, environment],
        queryFn: () => told(backend.pending(project, environment)),
        // The folder's files are edited elsewhere too.
        refetchInterval: PENDING_INTERVAL,
      }),
    matrix: (project: string) =>
      queryOptions({ queryKey: ["matrix", project], queryFn: () => told(backend.matrix(project)) }),
    secrets: (project: string) =>
      queryOptions({ queryKey: ["secrets", project], queryFn: () => told(backend.secrets(project)) }),
    secretRemoval: (project: string, environment: string, name: string, version: number | null) =>
      queryOptions({
        queryKey: ["secrets", project, "removal", environment, name, version],
        queryFn: () => told(backend.planSecretRemoval(project, environment, name, version)),
        staleTime: 0,
        gcTime: 0,
      }),
    takeOver: (project: string) =>
      queryOptions({
        queryKey: ["secrets", project, "take over"],
        queryFn: () => told(backend.planTakeOver(project)),
      }),
    spareImages: (project: string, environment: string, keep: number, unknown: boolean) =>
      queryOptions({
        queryKey: ["spareImages", project, environment, keep, unknown],
        queryFn: () => told(backend.planPrune(project, environment, keep, unknown)),
        staleTime: 0,
        gcTime: 0,
      }),
    importable: (project: string, environment: string) =>
      queryOptions({
        queryKey: ["importable", project, environment],
        queryFn: () => told(backend.importCandidates(project, environment)),
        staleTime: 0,
      }),
    plan: (project: string, environment: string) =>
      queryOptions({
        queryKey: ["plan", project, environment],
        queryFn: () => told(backend.plan(project, environment)),
        // A plan is a promise about a moment: it is made when it is asked for, never by itself.
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: 0,
        refetchOnWindowFocus: false,
        refetchInterval: false,
      }),
    rollback: (project: string, environment: string, to: number | null) =>
      queryOptions({
        queryKey: ["rollback", project, environment, to],
        queryFn: () => told(backend.planRollback(project, environment, to)),
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: 0,
        refetchOnWindowFocus: false,
        refetchInterval: false,
      }),
    down: (project: string, environment: string) =>
      queryOptions({
        queryKey: ["down", project, environment],
        queryFn: () => told(backend.planDown(project, environment, false, false)),
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: 0,
        refetchOnWindowFocus: false,
        refetchInterval: false,
      }),
    promotion: (project: string, from: string, to: string, allow: string[]) =>
      queryOptions({
        queryKey: ["promotion", project, from, to, allow],
        queryFn: () => told(backend.planPromotion(project, from, to, allow)),
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: 0,
        refetchOnWindowFocus: false,
        refetchInterval: false,
      }),
    versions: (project: string, filter: VersionsFilter) =>
      queryOptions({
        queryKey: ["versions", project, filter],
        queryFn: () => told(backend.configVersions(project, filter)),
        gcTime: MINUTE,
      }),
    versionDifference: (project: string, from: number, to: number | null) =>
      queryOptions({
        queryKey: ["versions", project, "difference", from, to],
        queryFn: () => told(backend.versionDifference(project, from, to)),
        gcTime: MINUTE,
      }),
    blame: (project: string, environment: string) =>
      queryOptions({
        queryKey: ["versions", project, "blame", environment],
        queryFn: () => told(backend.blame(project, environment)),
      }),
    restore: (project: string, version: number, scope: RestoreScope) =>
      queryOptions({
        queryKey: ["restore", project, version, scope],
        queryFn: () => told(backend.planRestore(project, version, scope)),
        staleTime: 0,
        gcTime: 0,
      }),
    rotation: (project: string, environment: string, name: string) =>
      queryOptions({
        queryKey: ["rotation", project, environment, name],
        queryFn: () => told(backend.rotation(project, environment, name)),
      }),
    audit: (project: string) =>
      queryOptions({
        queryKey: ["audit", project],
        queryFn: () => told(backend.audit(project, null, AUDITED)),
      }),
    documents: (project: string) =>
      queryOptions({ queryKey: ["documents", project], queryFn: () => told(backend.documents(project)) }),
    document: (project: string, path: string, reveal: boolean) =>
      queryOptions({
        queryKey: ["document", project, path, reveal],
        queryFn: () => told(backend.openDocument(project, path, reveal)),
        // Other editors write to the file too: that is seen soon, and long before it is saved here.
        refetchInterval: DOCUMENT_INTERVAL,
        // What was shown of a secret is not kept once the page is left.
        gcTime: reveal ? 0 : MINUTE,
      }),
    /** The releases that run a document. */
    documentReleases: (project: string, path: string) =>
      queryOptions({
        queryKey: ["deployment", project, "document", path],
        queryFn: () => told(backend.documentReleases(project, path)),
      }),
    /** A document as it was; `stamp` says what it is now, because an env file's earlier text is made from that. */
    documentAt: (project: string, path: string, version: number, stamp: string | null) =>
      queryOptions({
        queryKey: ["versions", project, "document", path, version, stamp],
        queryFn: () => told(backend.documentAt(project, path, version)),
        gcTime: MINUTE,
      }),
    services: (project: string, environment: string) =>
      queryOptions({
        queryKey: ["services", project, environment],
        queryFn: () => told(backend.services(project, environment)),
        refetchInterval: SERVICES_INTERVAL,
      }),
    history,
    /** The newest deployments of an environment that succeeded, and with them its releases. */
    releases: (project: string, environment: string) =>
      history(project, { environment, result: "succeeded", text: null, offset: 0, limit: RELEASES }),
    deployment: (project: string, number: number) =>
      queryOptions({
        queryKey: ["deployment", project, number],
        queryFn: () => told(backend.deployment(project, number)),
      }),
    log: (project: string, number: number, after: number, limit: number) =>
      queryOptions({
        queryKey: ["log", project, number, after, limit],
        queryFn: () => told(backend.log(project, number, null, after, limit)),
        // What was logged does not change; pages that are out of sight are soon forgotten.
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: 10 * SECOND,
      }),
    compare: (project: string, a: number, b: number) =>
      queryOptions({
        queryKey: ["compare", project, a, b],
        queryFn: () => told(backend.compare(project, a, b)),
      }),
  };
}

/** The questions, bound to the core in use. */
export function useQueries() {
  const backend = useBackend();
  return useMemo(() => queries(backend), [backend]);
}

/** What has to be asked again, named after what the person did. */
export function useRefresh() {
  const client = useQueryClient();
  return useMemo(() => {
    const again = (...key: unknown[]) => client.invalidateQueries({ queryKey: key });
    return {
      /** A variable was changed; the core answered with the whole matrix. */
      matrix(project: string, matrix: Matrix) {
        client.setQueryData(["matrix", project], matrix);
        for (const what of ["pending", "versions"]) again(what, project);
      },
      /** A secret was changed; the core answered with all secrets (names and versions). */
      secrets(project: string, secrets: Secrets) {
        client.setQueryData(["secrets", project], secrets);
        for (const what of ["matrix", "pending", "versions", "rotation"]) again(what, project);
      },
      /** Values were moved from files into the keychain. */
      imported(project: string) {
        for (const what of ["matrix", "secrets", "pending", "importable", "document", "versions"])
          again(what, project);
      },
      /** A variable has another name, in all its files. */
      renamed(project: string) {
        for (const what of ["matrix", "secrets", "pending", "document", "documents", "versions"])
          again(what, project);
      },
      /** A document was saved; the core answered with it. `sternway.yaml` may be another project now. */
      document(project: string, document: DocumentView, reveal: boolean) {
        client.setQueryData(["document", project, document.path, reveal], document);
        for (const what of ["documents", "matrix", "pending", "project", "status", "versions"])
          again(what, project);
      },
      /** A version of the configuration, or a part of it, was brought back. */
      restored(project: string) {
        for (const what of ["document", "documents", "matrix", "secrets", "pending", "project", "versions"])
          again(what, project);
      },
      /** A rotation went a step on. */
      rotated(project: string) {
        for (const what of ["rotation", "secrets", "matrix", "pending", "versions"]) again(what, project);
      },
      /** A person trusts the project, or does so no more. */
      trust(project: string) {
        for (const what of ["trust", "plan", "rollback", "down", "promotion"]) again(what, project);
      },
      /** Somebody saw a secret. */
      audited(project: string) {
        again("audit", project);
      },
      /** A deployment began or ended. */
      deployment(project: string) {
        for (const what of [
          "status",
          "services",
          "pending",
          "history",
          "deployment",
          "matrix",
          "secrets",
          "rotation",
        ])
          again(what, project);
        // A deployment that fails may be followed by one that puts things back.
        again("running");
      },
      /** Services were started anew. */
      services(project: string) {
        for (const what of ["status", "services"]) again(what, project);
      },
      /** A person wants to know anew what differs. */
      pending(project: string, environment: string) {
        again("pending", project, environment);
      },
      /** Everything that is known of a project may be different now. */
      project(project: string) {
        again("projects");
        client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] === project });
      },
      /** A project was opened, made or forgotten. */
      projects() {
        again("projects");
      },
    };
  }, [client]);
}

declare module "@tanstack/react-query" {
  interface Register {
    defaultError: import("../backend").Failure;
  }
}
