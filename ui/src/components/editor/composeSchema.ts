/** The keys of Compose files, for completion. Written after the Compose specification; it checks nothing. */
import type { Schema } from "./completion";

const text: Schema = { type: "string" };
const number: Schema = { type: "integer" };
const flag: Schema = { type: "boolean" };
const list: Schema = { type: "array", items: text };
const map: Schema = { type: "object", additionalProperties: true };

function about(schema: Schema, description: string): Schema {
  return { ...schema, description };
}

const resources: Schema = {
  type: "object",
  properties: { cpus: text, memory: text, pids: number, devices: { type: "array", items: map } },
};

const service: Schema = {
  type: "object",
  properties: {
    image: about(text, "The image, with its tag or digest."),
    build: {
      type: "object",
      description: "How the image is made.",
      properties: {
        context: text,
        dockerfile: text,
        dockerfile_inline: text,
        target: text,
        args: map,
        cache_from: list,
        labels: map,
        network: text,
        pull: flag,
        secrets: list,
        ssh: list,
      },
    },
    command: about(list, "What runs in place of the image's command."),
    entrypoint: list,
    environment: about(map, "Variables; a value may be keychain:NAME."),
    env_file: about(list, "Files with variables."),
    ports: {
      type: "array",
      description: "Ports that are published on the host.",
      items: {
        type: "object",
        properties: {
          target: number,
          published: text,
          host_ip: text,
          protocol: { enum: ["tcp", "udp"] },
          mode: { enum: ["host", "ingress"] },
        },
      },
    },
    expose: list,
    volumes: {
      type: "array",
      description: "What is mounted, and where.",
      items: {
        type: "object",
        properties: {
          type: { enum: ["volume", "bind", "tmpfs"] },
          source: text,
          target: text,
          read_only: flag,
        },
      },
    },
    networks: about(list, "The networks that it is in."),
    network_mode: text,
    depends_on: {
      type: "object",
      description: "Services that are there before it.",
      additionalProperties: {
        type: "object",
        properties: {
          condition: {
            enum: ["service_started", "service_healthy", "service_completed_successfully"],
          },
          restart: flag,
          required: flag,
        },
      },
    },
    healthcheck: {
      type: "object",
      description: "How it is found out whether it works.",
      properties: {
        test: list,
        interval: text,
        timeout: text,
        retries: number,
        start_period: text,
        start_interval: text,
        disable: flag,
      },
    },
    restart: about({ enum: ["no", "always", "on-failure", "unless-stopped"] }, "What follows when it ends."),
    deploy: {
      type: "object",
      properties: {
        replicas: number,
        resources: { type: "object", properties: { limits: resources, reservations: resources } },
        restart_policy: {
          type: "object",
          properties: { condition: { enum: ["none", "on-failure", "any"] }, max_attempts: number },
        },
        update_config: {
          type: "object",
          properties: {
            order: { enum: ["stop-first", "start-first"] },
            failure_action: { enum: ["pause", "continue", "rollback"] },
            parallelism: number,
            delay: text,
          },
        },
      },
    },
    secrets: list,
    configs: list,
    labels: map,
    logging: { type: "object", properties: { driver: text, options: map } },
    profiles: list,
    container_name: text,
    hostname: text,
    user: text,
    working_dir: text,
    init: flag,
    tty: flag,
    stdin_open: flag,
    read_only: flag,
    privileged: flag,
    cap_add: list,
    cap_drop: list,
    security_opt: list,
    tmpfs: list,
    sysctls: map,
    ulimits: map,
    devices: list,
    dns: list,
    extra_hosts: list,
    extends: { type: "object", properties: { file: text, service: text } },
    platform: text,
    pull_policy: { enum: ["always", "missing", "never", "build"] },
    scale: number,
    shm_size: text,
    stop_grace_period: text,
    stop_signal: text,
  },
};

const outside: Record<string, Schema> = { name: text, external: flag, labels: map };

/** Compose files. */
export const COMPOSE_SCHEMA: Schema = {
  type: "object",
  properties: {
    name: about(text, "The project's name."),
    services: about({ type: "object", additionalProperties: service }, "What runs."),
    volumes: {
      type: "object",
      additionalProperties: { type: "object", properties: { ...outside, driver: text, driver_opts: map } },
    },
    networks: {
      type: "object",
      additionalProperties: {
        type: "object",
        properties: { ...outside, driver: text, internal: flag, attachable: flag, ipam: map },
      },
    },
    secrets: {
      type: "object",
      additionalProperties: { type: "object", properties: { ...outside, file: text, environment: text } },
    },
    configs: {
      type: "object",
      additionalProperties: { type: "object", properties: { ...outside, file: text, content: text } },
    },
    include: list,
  },
};
