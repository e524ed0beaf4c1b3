import type { Stage } from "../backend";

/** What people read for each stage of a deployment. */
export const STAGES: Record<Stage, string> = {
  checks: "Checks",
  build: "Build",
  configuration: "Configuration",
  application: "Application",
  verification: "Verification",
  notification: "Notification",
};
