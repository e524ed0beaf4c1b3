import { MantineProvider } from "@mantine/core";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { App } from "../app/App";
import { href, type Place } from "../app/routes";
import type { Backend } from "../backend";
import { theme } from "../theme";
import { fakeBackend } from "./fake";

/** The whole window at a place, on a made-up core of which some commands can be replaced. */
export function show(place: Place, replaced: Partial<Backend> = {}) {
  window.location.hash = href(place);
  const backend: Backend = { ...fakeBackend({ delay: 0, pace: 0 }), ...replaced };
  const page = render(
    <MantineProvider theme={theme} env="test">
      <App backend={backend} />
    </MantineProvider>,
  );
  return { backend, page, user: userEvent.setup() };
}
