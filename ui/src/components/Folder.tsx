import classes from "./Folder.module.css";

/** So many of a path's last parts tell folders apart that are called the same. */
const KEPT = 2;

/** A folder's path, shortened in its middle where there is no room for it: its end tells folders of one name apart. */
export function Folder({ path }: { path: string }) {
  const parts = path.split(/(?<=[\\/])/);
  const end = parts.slice(-KEPT).join("");
  return (
    <span className={classes.folder} title={path}>
      <span className={classes.begin}>{path.slice(0, path.length - end.length)}</span>
      <span className={classes.end}>{end}</span>
    </span>
  );
}

/** Projects by their names, and by their folders where these are the same: none moves because another was opened. */
export function inOrder<P extends { name: string; path: string }>(projects: readonly P[]): P[] {
  return [...projects].sort((a, b) => a.name.localeCompare(b.name) || a.path.localeCompare(b.path));
}
