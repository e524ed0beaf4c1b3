//! The folders that were opened.

use std::path::{Path, PathBuf};

use sternway_model::{At, Code, Error, ProjectIdentity, ProjectName, Result};

use crate::History;

/// A project's row. Only [`History::remember_project`] and [`History::projects`] give one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProjectId(pub(crate) i64);

/// A folder that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProject {
    /// Its row.
    pub id: ProjectId,
    /// The folder.
    pub path: PathBuf,
    /// The project's name when it was last read.
    pub name: ProjectName,
    /// When it was last opened.
    pub opened: At,
}

/// A folder's name is a key here, and SQLite compares text.
fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        Error::invalid(format!("the name of the folder {} is not UTF-8", path.display())).hint("Rename the folder.")
    })
}

impl History {
    /// Notes that a folder was opened. A folder that was forgotten has its deployments back.
    ///
    /// # Errors
    /// If the path is not UTF-8, or the file cannot be written.
    pub async fn remember_project(&self, path: &Path, name: &ProjectName, opened: At) -> Result<ProjectId> {
        let id = sqlx::query_scalar(
            "INSERT INTO project (path, name, opened) VALUES (?1, ?2, ?3)
             ON CONFLICT (path) DO UPDATE SET name = ?2, opened = ?3, hidden = 0
             RETURNING id",
        )
        .bind(text(path)?)
        .bind(name.as_str())
        .bind(opened.as_millis())
        .fetch_one(self.pool())
        .await
        .map_err(|error| self.fault(error))?;
        Ok(ProjectId(id))
    }

    /// What the project is, also under another name and in another folder.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn identity(&self, project: ProjectId) -> Result<ProjectIdentity> {
        let statement = sqlx::query("SELECT identity FROM project WHERE id = ?").bind(project.0);
        let found = self.all(statement, |row| row.parse("identity")).await?;
        found.into_iter().next().ok_or_else(|| self.damaged(format!("there is no project {}", project.0)))
    }

    /// The folders that were opened and not forgotten, the latest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn projects(&self) -> Result<Vec<StoredProject>> {
        let statement =
            sqlx::query("SELECT id, path, name, opened FROM project WHERE NOT hidden ORDER BY opened DESC, id");
        self.all(statement, |row| {
            Ok(StoredProject {
                id: ProjectId(row.get("id")?),
                path: PathBuf::from(row.get::<String>("path")?),
                name: row.parse("name")?,
                opened: row.at("opened")?,
            })
        })
        .await
    }

    /// Notes that a project's folder was moved: what is known of the old folder is known of the new one from now on.
    ///
    /// # Errors
    /// [`Code::NotFound`] if nothing is known of the old folder, [`Code::InvalidInput`] if the new one has deployments or
    /// secrets of its own, and if the file cannot be written.
    pub async fn move_project(&self, from: &Path, to: &Path) -> Result<()> {
        let (from, to) = (text(from)?, text(to)?);
        let mut transaction = self.write().await?;
        let taken: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM project WHERE path = ?1
                 AND (EXISTS (SELECT 1 FROM deployment WHERE project = project.id)
                      OR EXISTS (SELECT 1 FROM secret_version WHERE project = project.id)))",
        )
        .bind(to)
        .fetch_one(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        if taken {
            return Err(Error::invalid(format!("{to} has a history of its own"))
                .hint("Open it as it is; what was deployed from the old folder stays with that one."));
        }
        // Looking at the new folder has made a row for it, to which plans may belong: it changes places with the old one.
        for (path, becomes, hidden) in [(to, "", true), (from, to, false), ("", from, true)] {
            let moved = sqlx::query("UPDATE project SET path = ?2, hidden = ?3 WHERE path = ?1")
                .bind(path)
                .bind(becomes)
                .bind(hidden)
                .execute(&mut *transaction)
                .await
                .map_err(|error| self.fault(error))?;
            if path == from && moved.rows_affected() == 0 {
                return Err(Error::new(Code::NotFound, format!("nothing is known of a project in {from}")));
            }
        }
        transaction.commit().await.map_err(|error| self.fault(error))
    }

    /// Leaves a folder out of [`History::projects`]. Its deployments stay. Nothing happens if it is not there.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub async fn forget_project(&self, path: &Path) -> Result<()> {
        sqlx::query("UPDATE project SET hidden = 1 WHERE path = ?")
            .bind(text(path)?)
            .execute(self.pool())
            .await
            .map_err(|error| self.fault(error))?;
        Ok(())
    }
}
