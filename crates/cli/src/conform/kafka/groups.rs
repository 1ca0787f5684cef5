//! Groups, as the administrator's client describes and changes them.

use super::consume::{names, offsets, told_offset};
use super::scene::{Scene, error, unexpected};
use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::kafka::admin::{AdminCall, AdminReturn};
use brokerscope_core::name::GroupId;
use serde_json::{Map, Value, json};

impl Scene {
    /// `group`: its state and members, by `client.id`.
    pub(super) fn group(&mut self, step: &Step) -> Result<Value, Unable> {
        let call = AdminCall::DescribeGroup(group(step)?);
        let group = match self.admin(call)? {
            AdminReturn::Group(group) => group,
            AdminReturn::Failed(name) => return Ok(error(name)),
            other => return Err(unexpected(&other)),
        };
        let mut members = Map::new();
        for it in &group.members {
            members.insert(it.client.to_string(), names(&it.reads).into());
        }
        Ok(json!({
            "state": group.state,
            "type": group.kind,
            "assignor": group.assignor.to_string(),
            "members": members,
        }))
    }

    /// `groups`: all of them.
    pub(super) fn list_groups(&mut self, step: &Step) -> Result<Value, Unable> {
        Given::of(step, &[])?;
        match self.admin(AdminCall::ListGroups)? {
            AdminReturn::Groups(groups) => {
                Ok(groups.iter().map(|it| it.group.to_string()).collect())
            }
            AdminReturn::Failed(name) => Ok(error(name)),
            other => Err(unexpected(&other)),
        }
    }

    /// `group_offsets`: what the group has committed, by partition.
    pub(super) fn group_offsets(&mut self, step: &Step) -> Result<Value, Unable> {
        match self.admin(AdminCall::GroupOffsets(group(step)?))? {
            AdminReturn::Committed(found) => {
                let found = found.into_iter().filter(|it| it.1.is_some());
                let told = found.map(|(it, at)| (it.to_string(), told_offset(at)));
                Ok(Value::Object(told.collect()))
            }
            AdminReturn::Failed(name) => Ok(error(name)),
            other => Err(unexpected(&other)),
        }
    }

    /// `alter_offsets`: where the group goes on.
    pub(super) fn alter_offsets(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["group", "offsets"])?;
        let wrong = || Unable::Wrong("it has no 'offsets'".to_owned());
        let offsets = offsets(given.value("offsets").ok_or_else(wrong)?)?;
        let group = given.text("group")?.into();
        self.done(AdminCall::AlterGroupOffsets { group, offsets })
    }

    /// `delete_offsets`: what is forgotten.
    pub(super) fn delete_offsets(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["group", "partitions"])?;
        let partitions = given.partition_list("partitions")?;
        let group = given.text("group")?.into();
        self.done(AdminCall::DeleteGroupOffsets { group, partitions })
    }

    /// `delete_group`.
    pub(super) fn delete_group(&mut self, step: &Step) -> Result<Value, Unable> {
        self.done(AdminCall::DeleteGroup(group(step)?))
    }

    /// `remove_members`: all of them.
    pub(super) fn remove_members(&mut self, step: &Step) -> Result<Value, Unable> {
        self.done(AdminCall::RemoveMembers(group(step)?))
    }
}

/// The group of a step that names nothing else.
fn group(step: &Step) -> Result<GroupId, Unable> {
    Ok(Given::of(step, &["group"])?.text("group")?.into())
}
