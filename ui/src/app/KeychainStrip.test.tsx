import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { PROJECT } from "../testing/data";
import { show } from "../testing/show";

test("while the keychain is waited for every page says so", async () => {
  let tell: (now: boolean) => void = () => undefined;
  show(
    { page: "overview", project: PROJECT },
    {
      keychainWaits: async (waits) => {
        tell = waits;
      },
    },
  );
  const words = "Waiting for the keychain. It may ask for its password in a dialog of its own.";
  await screen.findByRole("main");
  expect(screen.queryByText(words)).toBeNull();
  tell(true);
  expect(await screen.findByText(words)).toBeTruthy();
  tell(false);
  await waitFor(() => expect(screen.queryByText(words)).toBeNull());
});
