import "@fontsource-variable/inter";
import "@fontsource-variable/jetbrains-mono";
import "./styles/mantine.css";
import "./styles/tokens.css";
import { MantineProvider } from "@mantine/core";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App, enter } from "./app/App";
import { isApple } from "./app/keys";
import { showTooltips } from "./app/tooltips";
import { type Backend, failure, inWindow, tauri } from "./backend";
import { Problem } from "./components/Problem";
import { theme, variables } from "./theme";

/** The core; in a plain browser during development a made-up one. */
async function core(): Promise<Backend> {
  if (import.meta.env.DEV && !inWindow()) {
    const rows = Number(new URLSearchParams(window.location.search).get("rows"));
    return (await import("./testing/fake")).fakeBackend({ rows });
  }
  return tauri;
}

async function start(root: HTMLElement) {
  const react = createRoot(root);
  const show = (content: React.ReactNode) =>
    react.render(
      <StrictMode>
        <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
          {content}
        </MantineProvider>
      </StrictMode>,
    );
  try {
    const backend = await core();
    await enter(backend);
    show(<App backend={backend} />);
  } catch (thrown) {
    show(<Problem failure={failure(thrown)} doing="Starting" onRetry={() => window.location.reload()} />);
  }
}

if (isApple) document.documentElement.dataset.system = "apple";
const root = document.getElementById("root");
if (root) void start(root);
showTooltips();
