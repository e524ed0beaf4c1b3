/** Mantine's theme: dense, and without colours of its own; those are in `styles/tokens.css`. */
import {
  ActionIcon,
  Button,
  createTheme,
  type MantineColorsTuple,
  Menu,
  Modal,
  PasswordInput,
  Select,
  Skeleton,
  TextInput,
  Tooltip,
} from "@mantine/core";

// Mantine wants ten shades of a colour; what it draws with them is pointed at the tokens.
function shades(token: string): MantineColorsTuple {
  const shade = `var(--${token})`;
  return [shade, shade, shade, shade, shade, shade, shade, shade, shade, shade];
}

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
    accent: shades("accent-fill"),
    protected: shades("protected-fill"),
    danger: shades("bad"),
  },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: "xs", variant: "default" } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray", size: "md" } }),
    TextInput: TextInput.extend({ defaultProps: { size: "xs" } }),
    PasswordInput: PasswordInput.extend({ defaultProps: { size: "xs" } }),
    Select: Select.extend({ defaultProps: { size: "xs" } }),
    Menu: Menu.extend({
      defaultProps: { shadow: "md", position: "bottom-start", transitionProps: { duration: 0 } },
    }),
    Modal: Modal.extend({ defaultProps: { centered: true, transitionProps: { duration: 0 } } }),
    Skeleton: Skeleton.extend({ defaultProps: { radius: "sm" } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, transitionProps: { duration: 0 } } }),
  },
});
