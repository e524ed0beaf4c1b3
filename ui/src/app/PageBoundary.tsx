import { Component, type ReactNode } from "react";
import { failure } from "../backend";
import { Page } from "../components/Page";
import { Problem } from "../components/Problem";

interface Props {
  /** Where the person is: another place is tried afresh. */
  place: unknown;
  children: ReactNode;
}

/** A page that cannot be drawn says so in its own place; everything around it goes on. */
export class PageBoundary extends Component<Props, { thrown: unknown }> {
  override state = { thrown: undefined as unknown };

  static getDerivedStateFromError(thrown: unknown) {
    return { thrown: thrown ?? new Error("the page cannot be drawn") };
  }

  override componentDidUpdate(before: Props) {
    if (this.state.thrown !== undefined && before.place !== this.props.place) {
      this.setState({ thrown: undefined });
    }
  }

  override render() {
    const { thrown } = this.state;
    if (thrown === undefined) return this.props.children;
    return (
      <Page title="This page" name="This page">
        <Problem
          failure={failure(thrown)}
          doing="Showing this page"
          // What could not be loaded once is not asked for again by the page itself.
          onRetry={() => window.location.reload()}
        />
      </Page>
    );
  }
}
