import { Kbd, Modal } from "@mantine/core";
import classes from "./KeySheet.module.css";
import { KEYS } from "./keys";

/** The keys, behind `?`. */
export default function KeySheet({ onClose }: { onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="Keys" closeButtonProps={{ "aria-label": "Close keys" }}>
      <dl className={classes.keys}>
        {KEYS.map(({ keys, does }) => (
          <div key={does} className={classes.key}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key} size="xs">
                  {key}
                </Kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
