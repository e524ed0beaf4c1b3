import { Button } from "@mantine/core";
import { useRefresh } from "../app/queries";
import { go } from "../app/routes";
import { useTask } from "../app/task";
import { useBackend } from "../backend";
import { Notice, Problem } from "./Problem";
import { folderName } from "./words";

/** A folder that is no project yet: what makes it one, and the button that does it. */
export function SetUp({ folder }: { folder: string }) {
  const backend = useBackend();
  const refresh = useRefresh();
  const name = folderName(folder);
  const init = useTask(async () => {
    const { path } = await backend.initProject(folder);
    refresh.project(folder);
    go({ page: "overview", project: path });
  });
  return (
    <Notice severity="info" title={`${name} has no sternway.yaml yet`}>
      <p>
        Sternway can write one from the Compose file and the env files that it finds there. Nothing else in
        the folder is touched.
      </p>
      {init.problem && <Problem failure={init.problem} doing={`Setting up ${name}`} compact />}
      <div>
        <Button variant="filled" onClick={() => init.start()} loading={init.busy}>
          Set up {name}
        </Button>
      </div>
    </Notice>
  );
}
