import { Button, Checkbox, Modal, Select } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useQueries } from "../../app/queries";
import { useTask } from "../../app/task";
import { type Backend, type EnvironmentHead, useBackend } from "../../backend";
import { TypedName } from "../../components/ConfirmName";
import { LoadingRows } from "../../components/Page";
import { Problem } from "../../components/Problem";
import table from "../../components/table.module.css";
import { bytes, count } from "../../components/words";
import classes from "./Prune.module.css";

type Plan = Awaited<ReturnType<Backend["planPrune"]>>;

interface Props {
  project: string;
  environment: EnvironmentHead;
  onClose: () => void;
}

/** How many states of the images can be kept. */
const CHOICES = [1, 2, 3, 5, 10, 20];
/** What the terminal takes, too, if nothing is said. */
const USUAL = 5;

/** Says which images only old releases need and what giving them up means, then gives them up. */
export function Prune({ project, environment, onClose }: Props) {
  const backend = useBackend();
  const [keep, setKeep] = useState(USUAL);
  const [unknown, setUnknown] = useState(false);
  const [typed, setTyped] = useState("");
  const plan = useQuery({
    ...useQueries().spareImages(project, environment.name, keep, unknown),
    placeholderData: keepPreviousData,
  });
  const [pruned, setPruned] = useState<Awaited<ReturnType<Backend["prune"]>>>();
  const prune = useTask(async (stamp: string) => {
    const name = environment.protected ? typed : null;
    setPruned(await backend.prune(project, environment.name, keep, unknown, stamp, name));
  });
  const images = plan.data?.images ?? [];
  const ready =
    images.length > 0 && !plan.isFetching && (!environment.protected || typed === environment.name);
  const verb = `Give up ${images.length > 0 ? count(images.length, "image") : "images"}`;
  const problem = prune.problem ?? plan.error;
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={`Images kept for ${environment.name}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {pruned ? (
        <div className={classes.form}>
          <p role="status">
            {count(pruned.images.length, "image")} given up; at most {bytes(pruned.frees ?? 0)} became free.
          </p>
          <div className={classes.foot}>
            <Button onClick={onClose} data-autofocus>
              Done
            </Button>
          </div>
        </div>
      ) : (
        <form
          className={classes.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (ready && plan.data) void prune.start(plan.data.stamp);
          }}
        >
          <p className={classes.about}>
            Each release keeps its images on the engine, so that going back needs no registry. Those of old
            releases can go; what runs always stays.
          </p>
          <Select
            label="Keep the images of"
            value={String(keep)}
            data={CHOICES.map((choice) => ({ value: String(choice), label: newest(choice) }))}
            onChange={(value) => value && setKeep(Number(value))}
            allowDeselect={false}
          />
          {plan.isPending && <LoadingRows rows={3} />}
          {plan.data && <Images plan={plan.data} />}
          {(unknown || (plan.data?.unknown ?? 0) > 0) && (
            <Checkbox
              label={`Also ${count(plan.data?.unknown || strangers(images), "image")} that no release here has`}
              description="Of deployments that did not succeed, or of somebody else's history."
              checked={unknown}
              onChange={(event) => setUnknown(event.currentTarget.checked)}
            />
          )}
          {environment.protected && images.length > 0 && (
            <TypedName name={environment.name} typed={typed} onType={setTyped} />
          )}
          {problem && <Problem failure={problem} doing="Giving up images" compact />}
          <div className={classes.foot}>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              type="submit"
              variant="filled"
              color={environment.protected ? "protected" : undefined}
              disabled={!ready}
              loading={prune.busy}
            >
              {verb}
            </Button>
          </div>
        </form>
      )}
    </Modal>
  );
}

function newest(keep: number): string {
  return keep === 1 ? "what runs, and nothing else" : `the newest ${keep} releases whose images differ`;
}

function strangers(images: Plan["images"]): number {
  return images.filter(({ release }) => release === null).length;
}

/** What would go, and what cannot be gone back to afterwards. */
function Images({ plan: { environment, images, frees, releases } }: { plan: Plan }) {
  if (images.length === 0)
    return <p role="status">Nothing to give up: {environment} keeps no more than that.</p>;
  return (
    <>
      <div className={classes.images}>
        <table className={table.table} aria-label="Images that would go">
          <thead>
            <tr>
              <th>Service</th>
              <th>Image</th>
              <th>Last in</th>
              <th className={classes.size}>Size</th>
            </tr>
          </thead>
          <tbody>
            {images.map(({ name, service, release, size, stays }) => (
              <tr key={name} title={stays ? "Kept for another environment, too: it stays for that" : name}>
                <th scope="row">{service}</th>
                <td>
                  <code>{name.slice(name.lastIndexOf(":") + 1)}</code>
                </td>
                <td>{release === null ? "no release" : `#${release}`}</td>
                <td className={classes.size}>{stays ? "stays" : bytes(size ?? 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p>
        At most <strong>{bytes(frees ?? 0)}</strong> become free.{" "}
        {releases.length > 0 && <>Then nobody can go back to {some(releases)} any more.</>}
      </p>
    </>
  );
}

/** `#12, #11, #9 and 4 more`. */
function some(releases: number[]): string {
  const named = releases.slice(0, 6).map((release) => `#${release}`);
  const more = releases.length - named.length;
  return more > 0 ? `${named.join(", ")} and ${more} more` : named.join(", ");
}
