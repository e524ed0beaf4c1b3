import { lazy, type ReactNode, Suspense, useMemo, useState } from "react";
import { LoadingRows } from "../components/Page";
import { Dock } from "./Dock";
import { KeychainStrip } from "./KeychainStrip";
import { useKeys } from "./keys";
import { MachineStrip } from "./MachineStrip";
import { PageBoundary } from "./PageBoundary";
import { usePlace } from "./routes";
import classes from "./Shell.module.css";
import { Sidebar } from "./Sidebar";

const Palette = lazy(() => import("./Palette"));
const KeySheet = lazy(() => import("./KeySheet"));

type Overlay = "palette" | "keys" | null;

/** The frame that stays: sections at the left, the page, and what runs at the bottom. */
export function Shell({ children }: { children: ReactNode }) {
  const [overlay, setOverlay] = useState<Overlay>(null);
  const open = useMemo(() => ({ palette: () => setOverlay("palette"), sheet: () => setOverlay("keys") }), []);
  useKeys(open);
  const place = usePlace();
  const close = () => setOverlay(null);
  return (
    <div className={classes.shell}>
      <Sidebar onPalette={open.palette} />
      <div className={classes.content}>
        <MachineStrip />
        <KeychainStrip />
        <PageBoundary place={place}>
          <Suspense fallback={<LoadingRows rows={8} />}>{children}</Suspense>
        </PageBoundary>
        <Dock />
      </div>
      <Suspense>
        {overlay === "palette" && <Palette onClose={close} onKeys={open.sheet} />}
        {overlay === "keys" && <KeySheet onClose={close} />}
      </Suspense>
    </div>
  );
}
