import { ActionIcon, Button, Chip, Menu, TextInput } from "@mantine/core";
import { IconDots, IconKey, IconPlus, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { FILTER } from "../../app/keys";
import { useQueries, useRefresh } from "../../app/queries";
import { go, type MatrixFilter, type Place } from "../../app/routes";
import { useTask } from "../../app/task";
import { type ProjectView, useBackend } from "../../backend";
import { Empty, LoadingRows, Page } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { AddVariable } from "./AddVariable";
import classes from "./Configuration.module.css";
import { ImportSecrets } from "./ImportSecrets";
import { Inspector } from "./Inspector";
import { Legend } from "./Legend";
import { MatrixGrid, type Selection } from "./MatrixGrid";
import { counts, filterRows } from "./rows";

const FILTERS: { filter: MatrixFilter; label: string }[] = [
  { filter: "all", label: "All" },
  { filter: "different", label: "Different" },
  { filter: "missing", label: "Missing" },
  { filter: "secrets", label: "Secrets" },
  { filter: "changed", label: "Changed" },
];

interface Props {
  project: ProjectView;
  place: Extract<Place, { page: "configuration" }>;
}

/** Every variable in every environment, edited in place. */
export default function Configuration({ project, place }: Props) {
  const ask = useQueries();
  const backend = useBackend();
  const refresh = useRefresh();
  const matrix = useQuery(ask.matrix(project.path));
  const [text, setText] = useState("");
  const [selection, setSelection] = useState<Selection>();
  const { filter = "all", dialog } = place;
  const setDialog = (next?: typeof dialog) => go({ ...place, select: undefined, dialog: next }, "replace");

  // The palette and other pages point at a key.
  const pointed = place.select;
  const firstColumn = project.environments[0]?.name;
  useEffect(() => {
    if (pointed && firstColumn) setSelection({ key: pointed, environment: firstColumn });
  }, [pointed, firstColumn]);

  const save = useTask(async (environment: string | null, key: string, value: string) => {
    refresh.matrix(project.path, await backend.setVariable(project.path, environment, key, value));
  });
  const unset = useTask(async (environment: string | null, key: string) => {
    refresh.matrix(project.path, await backend.unsetVariable(project.path, environment, key));
  });

  const data = matrix.data;
  const rows = useMemo(() => (data ? filterRows(data, filter, text) : []), [data, filter, text]);
  const number = useMemo(() => (data ? counts(data) : undefined), [data]);
  const selected = data?.rows.find(({ key }) => key === selection?.key);
  const problem = save.problem ?? unset.problem;
  const guarded = project.environments.filter((environment) => environment.protected).map(({ name }) => name);
  return (
    <Page
      title="Configuration"
      name="Configuration"
      fixed
      actions={
        <>
          <Button
            leftSection={<IconPlus className={classes.icon} aria-hidden />}
            onClick={() => setDialog("add")}
            disabled={!data}
          >
            Add a variable
          </Button>
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon aria-label="More for the configuration">
                <IconDots className={classes.icon} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item
                leftSection={<IconKey className={classes.icon} aria-hidden />}
                onClick={() => setDialog("import")}
              >
                Move secrets into the keychain…
              </Menu.Item>
              <Menu.Item onClick={() => matrix.refetch()}>Read the files again</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <div className={classes.page} data-inspecting={selected !== undefined}>
        <div className={classes.left}>
          <div className={classes.filters}>
            <TextInput
              {...FILTER}
              className={classes.search}
              aria-label="Filter variables"
              placeholder="Filter  /"
              leftSection={<IconSearch className={classes.icon} aria-hidden />}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              onKeyDown={(event) => event.key === "Escape" && setText("")}
            />
            <Chip.Group
              value={filter}
              onChange={(value) =>
                go({ ...place, filter: value as MatrixFilter, select: undefined }, "replace")
              }
            >
              {FILTERS.map((item) => (
                <Chip key={item.filter} value={item.filter} size="xs" radius="sm">
                  <span className={item.filter === "missing" && number?.missing ? classes.urgent : undefined}>
                    {item.label} {number?.[item.filter]}
                  </span>
                </Chip>
              ))}
            </Chip.Group>
          </div>
          {problem && (
            <div className={classes.problem}>
              <Problem
                failure={problem}
                doing="Saving"
                onRetry={() => {
                  save.clear();
                  unset.clear();
                  void matrix.refetch();
                }}
              />
            </div>
          )}
          {data?.problems.map((failure) => (
            <div key={failure.message} className={classes.problem}>
              <Problem failure={failure} doing="Reading a file" onRetry={() => matrix.refetch()} compact />
            </div>
          ))}
          {matrix.isPending && <LoadingRows rows={16} dense />}
          {matrix.error && (
            <div className={classes.problem}>
              <Problem
                failure={matrix.error}
                onRetry={() => matrix.refetch()}
                doing="Reading the configuration"
              />
            </div>
          )}
          {data?.rows.length === 0 && (
            <Empty
              title="No variables yet"
              action={
                <Button variant="filled" onClick={() => setDialog("add")}>
                  Add the first variable
                </Button>
              }
            >
              Variables from this project's env files appear here, one column per environment. Values can be
              shared by all of them or be set for one.
            </Empty>
          )}
          {data && data.rows.length > 0 && rows.length === 0 && (
            <Empty
              title="No variable fits"
              action={
                <Button
                  onClick={() => {
                    setText("");
                    go({ ...place, filter: "all" }, "replace");
                  }}
                >
                  Show all variables
                </Button>
              }
            />
          )}
          {data && rows.length > 0 && (
            <MatrixGrid
              environments={data.environments}
              guarded={guarded}
              rows={rows}
              selection={selection}
              onSelect={setSelection}
              onLeave={() => setSelection(undefined)}
              saving={save.busy}
              onSave={(environment, key, value) => save.start(environment, key, value)}
            />
          )}
          {data && rows.length > 0 && <Legend />}
        </div>
        {data && selected && selection && (
          <Inspector
            key={`${selection.key} ${selection.environment}`}
            project={project.path}
            environments={data.environments}
            row={selected}
            environment={selection.environment}
            busy={save.busy || unset.busy}
            onSave={save.start}
            onUnset={unset.start}
            onClose={() => setSelection(undefined)}
          />
        )}
      </div>
      {dialog === "add" && data && (
        <AddVariable
          project={project.path}
          environments={data.environments}
          keys={data.rows.map(({ key }) => key)}
          onDone={(key, environment) => {
            setDialog();
            setSelection({ key, environment });
          }}
          onClose={() => setDialog()}
        />
      )}
      {dialog === "import" && (
        <ImportSecrets
          project={project.path}
          environments={project.environments.map(({ name }) => name)}
          onClose={() => setDialog()}
        />
      )}
    </Page>
  );
}
