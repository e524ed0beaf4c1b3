/** Mantine's theme: dense, and without colours of its own; those are in `styles/tokens.css`. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

// Mantine wants ten shades of a colour; what it draws with them is pointed at the tokens.
function shades(token: string): MantineColorsTuple {
  const shade = `var(--${token})`;
  return [shade, shade, shade, shade, shade, shade, shade, shade, shade, shade];
}

/** Mantine's neutrals, from light to dark in each scheme: the tokens differ between the schemes themselves. */
const GRAY: MantineColorsTuple = [
  "var(--surface-hover)",
  "var(--surface-hover)",
  "var(--border)",
  "var(--border)",
  "var(--border-strong)",
  "var(--text-3)",
  "var(--text-3)",
  "var(--text-2)",
  "var(--text-2)",
  "var(--text)",
];
const DARK: MantineColorsTuple = [
  "var(--text)",
  "var(--text-2)",
  "var(--text-3)",
  "var(--border-strong)",
  "var(--border-strong)",
  "var(--border)",
  "var(--surface-hover)",
  "var(--surface)",
  "var(--surface-sunken)",
  "var(--surface-chrome)",
];

export const theme = createTheme({
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  fontFamilyMonospace: "var(--font-mono)",
  fontSizes: {
    xs: "var(--text-small)",
    sm: "var(--text-body)",
    md: "var(--text-body)",
    lg: "var(--text-strong)",
    xl: "var(--text-title)",
  },
  spacing: {
    xs: "var(--space-1)",
    sm: "var(--space-2)",
    md: "var(--space-3)",
    lg: "var(--space-4)",
    xl: "var(--space-6)",
  },
  radius: { sm: "var(--radius-small)", md: "var(--radius)" },
  defaultRadius: "md",
  primaryColor: "accent",
  colors: {
    gray: GRAY,
    dark: DARK,
    accent: shades("accent-fill"),
    protected: shades("protected-fill"),
    danger: shades("bad"),
    quiet: shades("text-2"),
  },
  cursorType: "pointer",
  respectReducedMotion: true,
  // Written without the components themselves, which would come into the first bundle with them.
  components: {
    // Lists are made when they are opened: made ahead, each measures the page when its field appears.
    Combobox: { defaultProps: { keepMounted: false } },
    Button: {
      defaultProps: { size: "xs", variant: "default" },
      vars: () => ({
        root: {
          "--button-height": "var(--control)",
          "--button-padding-x": "var(--space-3)",
          "--button-fz": "var(--text-body)",
        },
      }),
      // A name that is too long ends in dots instead of in the middle of a letter.
      styles: {
        label: { display: "block", height: "auto", paddingBlock: "var(--space-1)", textOverflow: "ellipsis" },
      },
    },
    Input: {
      vars: () => ({
        wrapper: {
          "--input-height": "var(--control)",
          "--input-size": "var(--control)",
          "--input-fz": "var(--text-body)",
        },
      }),
    },
    // A field of several rows is as high as they are.
    Textarea: {
      styles: {
        input: {
          height: "auto",
          minHeight: "var(--control)",
          lineHeight: "var(--space-4)",
          paddingBlock: "calc(var(--space-1) + var(--line))",
        },
      },
    },
    Chip: {
      vars: () => ({
        root: {
          "--chip-fz": "var(--text-body)",
          "--chip-size": "var(--control)",
          "--chip-padding": "var(--space-2)",
          "--chip-checked-padding": "var(--space-2)",
        },
      }),
    },
    SegmentedControl: {
      vars: () => ({
        root: { "--sc-font-size": "var(--text-body)", "--sc-padding": "var(--space-half) var(--space-3)" },
      }),
    },
    Tabs: { defaultProps: { radius: 0 } },
    ActionIcon: {
      defaultProps: { variant: "subtle", color: "quiet" },
      vars: () => ({ root: { "--ai-size": "var(--control)" } }),
    },
    TextInput: { defaultProps: { size: "xs" } },
    PasswordInput: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs" } },
    Menu: {
      defaultProps: { shadow: "md", position: "bottom-start", transitionProps: { duration: 0 } },
    },
    Modal: { defaultProps: { centered: true, transitionProps: { duration: 0 } } },
    Skeleton: { defaultProps: { radius: "sm" } },
  },
});

const POINTED: Record<string, string> = {
  "--mantine-color-body": "var(--surface)",
  "--mantine-color-text": "var(--text)",
  "--mantine-color-bright": "var(--text)",
  "--mantine-color-dimmed": "var(--text-2)",
  "--mantine-color-placeholder": "var(--text-3)",
  "--mantine-color-anchor": "var(--accent)",
  "--mantine-color-error": "var(--bad)",
  "--mantine-color-default": "var(--surface)",
  "--mantine-color-default-hover": "var(--surface-hover)",
  "--mantine-color-default-color": "var(--text)",
  "--mantine-color-default-border": "var(--border-strong)",
  "--mantine-color-disabled": "var(--surface-hover)",
  "--mantine-color-disabled-color": "var(--text-3)",
  "--mantine-color-disabled-border": "var(--border)",
  "--mantine-primary-color-filled": "var(--accent-fill)",
  "--mantine-primary-color-filled-hover": "var(--accent-fill-hover)",
  "--mantine-color-accent-filled": "var(--accent-fill)",
  "--mantine-color-accent-filled-hover": "var(--accent-fill-hover)",
  "--mantine-color-accent-light": "var(--accent-tint)",
  "--mantine-color-accent-light-hover": "var(--surface-selected)",
  "--mantine-color-accent-light-color": "var(--accent)",
  "--mantine-color-protected-filled": "var(--protected-fill)",
  "--mantine-color-protected-filled-hover": "var(--protected-fill-hover)",
  "--mantine-color-protected-light": "var(--protected-tint)",
  "--mantine-color-protected-light-hover": "var(--protected-tint)",
  "--mantine-color-protected-light-color": "var(--protected)",
  "--mantine-color-danger-filled": "var(--bad)",
  "--mantine-color-danger-filled-hover": "var(--bad)",
  "--mantine-color-danger-light": "var(--bad-tint)",
  "--mantine-color-danger-light-hover": "var(--bad-tint)",
  "--mantine-color-danger-light-color": "var(--bad)",
  "--combobox-chevron-color": "var(--text-3)",
  "--mantine-color-gray-light": "var(--surface-hover)",
  "--mantine-color-gray-light-hover": "var(--surface-hover)",
  "--mantine-color-gray-light-color": "var(--text-2)",
  "--mantine-color-quiet-light": "var(--surface-hover)",
  "--mantine-color-quiet-light-hover": "var(--surface-hover)",
  "--mantine-color-quiet-light-color": "var(--text-2)",
};

/** Points Mantine's variables at the tokens, which differ between light and dark. */
export const variables: CSSVariablesResolver = () => ({ variables: {}, light: POINTED, dark: POINTED });
