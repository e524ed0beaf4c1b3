import type { ServiceStatus } from "../../backend";
import { Published } from "../../components/Published";
import { HealthMark } from "../../components/state";
import classes from "./ServiceTable.module.css";

interface Props {
  project: string;
  environment: string;
  services: ServiceStatus[];
}

/** The services of an environment, each with its state, its image and where it answers. */
export function ServiceTable({ project, environment, services }: Props) {
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">Service</th>
          <th scope="col">Health</th>
          <th scope="col">State</th>
          <th scope="col">Image</th>
          <th scope="col">Published</th>
        </tr>
      </thead>
      <tbody>
        {services.map((service) => (
          <tr key={service.name} aria-label={service.name}>
            <th scope="row">{service.name}</th>
            <td>
              <HealthMark health={service.health} />
            </td>
            <td>{service.state}</td>
            <td title={service.image}>
              <code>{service.image}</code>
            </td>
            <td className={classes.ports}>
              <Published project={project} environment={environment} service={service} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
