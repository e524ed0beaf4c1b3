/** Images that a pretended engine keeps for releases. */
import type { Backend } from "../backend";

type Plan = Awaited<ReturnType<Backend["planPrune"]>>;

const SIZE = 187_400_000;
/** Each with images of its own, newest first; the first one runs. */
const RELEASES = [44, 42, 41, 40, 38, 35, 31];

export function spare(environment: string, keep: number, unknown: boolean): Plan {
  const releases = environment === "development" ? [] : RELEASES.slice(Math.max(keep, 1));
  const name = (tag: string) => `sternway/shop-${environment}/web:${tag}`;
  const images: Plan["images"] = releases.map((release) => ({
    service: "web",
    name: name(`${release}c0ffee0000`.slice(0, 12)),
    release,
    size: SIZE,
    stays: false,
  }));
  const stranger = { service: "web", name: name("0badcafe0000"), release: null, size: SIZE, stays: false };
  if (unknown) images.push(stranger);
  return {
    environment,
    keep,
    images,
    frees: images.length * SIZE,
    releases,
    unknown: unknown || environment === "development" ? 0 : 1,
    guarded: environment === "production",
    stamp: images.map((image) => image.name).join(),
  };
}
