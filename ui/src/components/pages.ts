import { type UseQueryOptions, useQueries as useAllQueries } from "@tanstack/react-query";
import type { Failure } from "../backend";

/** The rows of a long list that are in sight; counted from 0, both included. */
export interface Range {
  first: number;
  last: number;
}

interface Pages<T> {
  /** The row at this place, once its page is there. */
  at: (index: number) => T | undefined;
  problem: Failure | null;
  retry: () => void;
}

/** Reads only those pages of a long list that are in sight. */
export function usePages<A, T>(
  range: Range,
  size: number,
  // biome-ignore lint/suspicious/noExplicitAny: a query's key is of no interest here
  query: (page: number) => UseQueryOptions<A, Failure, A, any>,
  rows: (answer: A) => T[],
): Pages<T> {
  const first = Math.max(0, Math.floor(range.first / size));
  const last = Math.max(first, Math.floor(range.last / size));
  const answers = useAllQueries({
    queries: Array.from({ length: last - first + 1 }, (_, offset) => query(first + offset)),
  });
  return {
    at: (index) => {
      const answer = answers[Math.floor(index / size) - first]?.data;
      return answer === undefined ? undefined : rows(answer)[index % size];
    },
    problem: answers.find(({ error }) => error)?.error ?? null,
    retry: () => {
      for (const answer of answers) if (answer.error) void answer.refetch();
    },
  };
}
