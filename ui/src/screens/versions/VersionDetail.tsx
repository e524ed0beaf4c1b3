import { Button, Menu, Select } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useQueries } from "../../app/queries";
import type { ProjectView, RestoreScope, VersionView } from "../../backend";
import { ChangeList } from "../../components/ChangeList";
import { InspectorFrame } from "../../components/InspectorFrame";
import { Empty, LoadingRows } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { listed, origin } from "./changes";
import { FileThen } from "./FileThen";
import { RestoreDialog } from "./RestoreDialog";
import classes from "./Versions.module.css";

const ITSELF = "itself";
const NOW = "now";

interface Props {
  project: ProjectView;
  version: VersionView;
  /** Versions that it can be compared with. */
  others: number[];
  /** The file that is looked at as it was. */
  file: string | undefined;
  onFile: (file: string | undefined) => void;
  onClose: () => void;
}

/** A version: what it changed, how it differs from another one, and the way back to it. */
export function VersionDetail({ project, version, others, file, onFile, onClose }: Props) {
  const { number, created, note, changes, more } = version;
  const [against, setAgainst] = useState(ITSELF);
  const [scope, setScope] = useState<RestoreScope>();
  const files = [...new Set(changes.flatMap(({ file: one }) => (one ? [one] : [])))];
  const documents = useQuery(useQueries().documents(project.path));
  const to = against === NOW ? null : Number(against);
  const difference = useQuery({
    ...useQueries().versionDifference(
      project.path,
      to !== null && to < number ? to : number,
      to !== null && to < number ? number : to,
    ),
    enabled: against !== ITSELF,
  });
  const whole: RestoreScope = { environment: null, file: null, key: null };
  return (
    <InspectorFrame
      label={`Version ${number}`}
      close="Close the version"
      title={
        <>
          <h2 className={classes.title}>Version {number}</h2>
          <p className={classes.quiet}>
            {origin(version)} · <Time at={created} />
          </p>
          {note && <p>{note}</p>}
        </>
      }
      onClose={onClose}
    >
      <div className={classes.tools}>
        <Select
          className={classes.with}
          aria-label="What is shown of it"
          data={[
            { value: ITSELF, label: "What it changed" },
            { value: NOW, label: "Difference to what is there now" },
            ...others.map((other) => ({ value: String(other), label: `Difference to version ${other}` })),
          ]}
          value={against}
          allowDeselect={false}
          onChange={(next) => setAgainst(next ?? ITSELF)}
        />
        <Menu position="bottom-end">
          <Menu.Target>
            <Button
              rightSection={<IconChevronDown className={classes.icon} aria-hidden />}
              disabled={!documents.data}
            >
              Look at…
            </Button>
          </Menu.Target>
          <Menu.Dropdown className={classes.menu}>
            {documents.data?.documents.map(({ path }) => (
              <Menu.Item key={path} onClick={() => onFile(path)}>
                {path}, as it was in version {number}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <Menu position="bottom-end">
          <Menu.Target>
            <Button rightSection={<IconChevronDown className={classes.icon} aria-hidden />}>
              Bring back…
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => setScope(whole)}>Everything, as it was in version {number}…</Menu.Item>
            {project.environments.map(({ name }) => (
              <Menu.Item key={name} onClick={() => setScope({ ...whole, environment: name })}>
                What {name} reads…
              </Menu.Item>
            ))}
            {files.map((one) => (
              <Menu.Item key={one} onClick={() => setScope({ ...whole, file: one })}>
                Only {one}…
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </div>
      <div className={classes.scroll}>
        {against === ITSELF ? (
          <>
            {changes.length === 0 && <Empty title="It changed nothing that is written down" />}
            <ChangeList changes={listed(changes)} label={`What version ${number} changed`} />
            {more > 0 && <p className={classes.more}>and {more} more</p>}
          </>
        ) : (
          <>
            {difference.isPending && <LoadingRows rows={5} />}
            {difference.error && (
              <div className={classes.problem}>
                <Problem
                  failure={difference.error}
                  reading
                  onRetry={() => difference.refetch()}
                  doing="Comparing"
                />
              </div>
            )}
            {difference.data?.changes.length === 0 && <Empty title="No difference" />}
            {difference.data && (
              <ChangeList
                changes={listed(difference.data.changes)}
                label={`From version ${difference.data.from} to ${difference.data.to}`}
              />
            )}
          </>
        )}
      </div>
      {file && !scope && (
        <FileThen
          project={project.path}
          version={number}
          file={file}
          onRestore={() => setScope({ ...whole, file })}
          onClose={() => onFile(undefined)}
        />
      )}
      {scope && (
        <RestoreDialog
          project={project.path}
          version={number}
          scope={scope}
          onClose={() => setScope(undefined)}
        />
      )}
    </InspectorFrame>
  );
}
